// Passkeys and security keys: the browser's ceremony comes between a form's button and its sending.
(() => {
  const named = location.hostname === "localhost" || !/^[\d.]+$|^\[/.test(location.hostname);
  const works = Boolean(named && isSecureContext && window.PublicKeyCredential?.parseRequestOptionsFromJSON);

  const WORDS = {
    NotAllowedError: "The browser was not allowed to, or it took too long. Nothing was done; try again.",
    InvalidStateError: "This key is added already.",
    SecurityError: "The browser does not use keys at this address.",
  };

  const show = () => {
    for (const form of document.querySelectorAll("form[data-passkey]")) form.hidden = !works;
    for (const note of document.querySelectorAll("[data-passkey-missing]")) note.hidden = works;
  };

  const optionsFor = async (form) => {
    const kept = document.getElementById(form.dataset.passkeyOptions);
    if (kept) return JSON.parse(kept.textContent).publicKey;
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The console answered with status ${answer.status}.`);
    return (await answer.json()).request_options.publicKey;
  };

  const created = (options, alone) => {
    options.authenticatorSelection = {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone && { userVerification: "required" }),
    };
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
    return navigator.credentials.create({ publicKey });
  };

  const found = (options) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-passkey]");
    if (!form) return;
    event.preventDefault();
    const said = form.querySelector("[data-passkey-error]");
    said.hidden = true;
    try {
      const options = await optionsFor(form);
      const alone = form.elements.passwordless?.checked ?? false;
      const credential = await (form.dataset.passkey === "create" ? created(options, alone) : found(options));
      form.elements.credential.value = JSON.stringify(credential);
      form.submit(); // asks no listener again
    } catch (error) {
      said.textContent = WORDS[error.name] ?? error.message;
      said.hidden = false;
    }
  });

  show();
})();
