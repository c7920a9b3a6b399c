// Reads JSON text token by token: the first fault with its place, or the text well set.
// Nothing is parsed into values, so that every digit and escape stays as typed.
(() => {
  const space = /[ \t\r\n]*/y;
  const token = /([{}[\],:])|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
  const wanted = { colon: "a colon", key: "a name in double quotes", value: "a value", end: "nothing more" };

  const matchAt = (pattern, source, at) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };

  // Returns {pretty} or {at, why}.
  const read = (source) => {
    const open = [], out = []; // the closing signs still wanted; the text well set
    let state = "value", at = 0, isFresh = false; // fresh: nothing yet inside the last bracket
    const line = () => "\n" + "  ".repeat(open.length);
    const write = (word) => { out.push(isFresh ? line() + word : word); isFresh = false; };
    const end = () => { state = open.length ? "comma" : "end"; };

    const take = (word, sign) => {
      const isClose = open.length && word === open.at(-1);
      if (isClose && (state === "comma" || isFresh)) {
        open.pop();
        out.push(isFresh ? word : line() + word);
        isFresh = false;
        end();
      } else if (state === "comma" && sign === ",") {
        out.push("," + line());
        state = open.at(-1) === "}" ? "key" : "value";
      } else if (state === "colon" && sign === ":") {
        out.push(": ");
        state = "value";
      } else if (state === "key" && word.startsWith('"')) {
        write(word);
        state = "colon";
      } else if (state === "value" && (sign === "{" || sign === "[")) {
        write(word);
        open.push(sign === "{" ? "}" : "]");
        state = sign === "{" ? "key" : "value";
        isFresh = true;
      } else if (state === "value" && !sign) {
        write(word);
        end();
      } else return false;
      return true;
    };

    while (true) {
      at += matchAt(space, source, at)[0].length;
      if (at === source.length) return state === "end" ? { pretty: out.join("") } : { at, why: "the text ends too early" };
      const match = matchAt(token, source, at);
      if (!match) return { at, why: `unexpected ${JSON.stringify(source[at])}` };
      if (!take(match[0], match[1]))
        return { at, why: `expected ${wanted[state] ?? `a comma or ${open.at(-1)}`}, found ${match[0].slice(0, 20)}` };
      at += match[0].length;
    }
  };

  window.jsonText = { read };
})();
