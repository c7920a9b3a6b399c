// Ten small workflows, one for each thing that can happen to an instance. Params steer them.
import { WorkflowEntrypoint } from "cloudflare:workers";
import { NonRetryableError } from "cloudflare:workflows";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// {orderId, napMs}: steps, a sleep, a nested result, a step without a result.
export class OrderFulfilment extends WorkflowEntrypoint {
  async run(event, step) {
    const { orderId = "A-0", napMs = 100 } = event.payload ?? {};
    const order = await step.do("load order", async () => ({
      id: orderId,
      lines: [
        { sku: "tea", qty: 2, price: 4.5 },
        { sku: "cup", qty: 1, price: 12 },
      ],
    }));
    const total = await step.do("price order", async () =>
      order.lines.reduce((sum, line) => sum + line.qty * line.price, 0),
    );
    await step.sleep("cool-off", napMs);
    const label = await step.do("print label", async () => `LBL-${order.id}`);
    await step.do("notify", async () => {});
    return { order: order.id, total, label, shipped: true, note: null };
  }
}

// {failures, delayMs}: the first step fails so often before it works.
export class FlakyImport extends WorkflowEntrypoint {
  async run(event, step) {
    const { failures = 2, delayMs = 200 } = event.payload ?? {};
    const retries = { limit: 5, delay: delayMs, backoff: "constant" };
    const page = await step.do("fetch page", { retries, timeout: "30 seconds" }, async (context) => {
      if (context.attempt <= failures) {
        throw new TypeError(`upstream 503 (attempt ${context.attempt})`);
      }
      return { attempt: context.attempt, rows: 42 };
    });
    await step.do("store", async () => page.rows);
    await step.do("store", async () => [page.rows, "again", false]);
    return page.rows;
  }
}

class CardDeclined extends Error {
  name = "CardDeclined";
}

// {how}: "non-retryable", "named", "exhaust", "timeout", or "throw" (outside of any step).
export class DoomedCharge extends WorkflowEntrypoint {
  async run(event, step) {
    const { how = "non-retryable" } = event.payload ?? {};
    await step.do("validate card", async () => ({ last4: "4242" }));
    if (how === "throw") {
      throw new RangeError("thrown outside of any step");
    }
    const config =
      how === "timeout"
        ? { retries: { limit: 1, delay: 100, backoff: "constant" }, timeout: 300 }
        : { retries: { limit: 2, delay: 100, backoff: "exponential" }, timeout: "1 minute" };
    await step.do("charge card", config, async () => {
      switch (how) {
        case "named":
          throw new CardDeclined("card declined: insufficient funds");
        case "exhaust":
          throw new Error("gateway timeout");
        case "timeout":
          return pause(5_000);
        default:
          throw new NonRetryableError("card declined: insufficient funds");
      }
    });
  }
}

// {duration} or {until: milliseconds}
export class LongNap extends WorkflowEntrypoint {
  async run(event, step) {
    const { duration = "1 hour", until } = event.payload ?? {};
    await (until ? step.sleepUntil("nap", new Date(until)) : step.sleep("nap", duration));
    return "rested";
  }
}

// {timeout, catch}: waits for "approval"; with `catch` a timeout takes another way.
export class ApprovalGate extends WorkflowEntrypoint {
  async run(event, step) {
    const { timeout = "1 hour", catch: caught = false } = event.payload ?? {};
    const draft = await step.do("draft request", async () => ({ amount: 100 }));
    let verdict;
    try {
      verdict = await step.waitForEvent("wait for approval", { type: "approval", timeout });
    } catch (error) {
      if (!caught) {
        throw error;
      }
      return step.do("escalate", async () => ({ escalated: true, why: String(error.message) }));
    }
    return step.do("apply verdict", async () => ({
      amount: draft.amount,
      approved: verdict.payload?.approved === true,
      eventType: verdict.type,
    }));
  }
}

// {width, stepMs}: parallel steps, each longer than the one before.
export class FanOut extends WorkflowEntrypoint {
  async run(event, step) {
    const { width = 4, stepMs = 100 } = event.payload ?? {};
    const shards = Array.from({ length: width }, (_, n) =>
      step.do(`shard ${n}`, async () => {
        await pause(stepMs * (n + 1));
        return n * n;
      }),
    );
    const squares = await Promise.all(shards);
    return step.do("merge", async () => squares.reduce((sum, one) => sum + one, 0));
  }
}

// {n}
export class ManySteps extends WorkflowEntrypoint {
  async run(event, step) {
    const { n = 300 } = event.payload ?? {};
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += await step.do("tick", async () => i);
    }
    return { n, sum };
  }
}

// {kb}: the size of the output. Anything else in the params is only carried along.
export class BigPayload extends WorkflowEntrypoint {
  async run(event, step) {
    const { kb = 200 } = event.payload ?? {};
    await step.do("odd text", async () => "<b>bold</b> & \u0000\u0007 \u2603 \u{1f9fe} \u202e");
    const block = await step.do("make block", async () => "x".repeat(kb * 1024));
    return { size: block.length, block };
  }
}

// {fail, badRollback, holdMs}: each step knows how to undo itself; `fail` makes the last one fail.
export class SagaRollback extends WorkflowEntrypoint {
  async run(event, step) {
    const { fail = true, badRollback = false, holdMs = 0 } = event.payload ?? {};
    await step.do("reserve stock", async () => ({ reservation: "r-1" }), {
      rollback: async () => {},
    });
    await step.do("issue token", { sensitive: "output" }, async () => "token-of-the-courier");
    await step.do("charge", async () => ({ charge: "c-1" }), {
      rollback: async () => {
        if (badRollback) {
          throw new NonRetryableError("refund refused");
        }
      },
    });
    if (holdMs) {
      await step.sleep("hold", holdMs);
    }
    await step.do("ship", { retries: { limit: 0, delay: 100 } }, async () => {
      if (fail) {
        throw new NonRetryableError("no courier");
      }
      return "shipped";
    });
    return "done";
  }
}

// Scheduled every quarter of an hour (the local engine leaves schedules alone).
export class CronReport extends WorkflowEntrypoint {
  async run(event, step) {
    const report = await step.do("collect", async () => ({ rows: 3 }));
    return { ...report, scheduled: event.schedule != null };
  }
}

export default {
  async fetch() {
    return new Response("Sample workflows. They are started through the local API of wrangler dev.\n");
  },
};
