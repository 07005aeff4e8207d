import assert from "node:assert/strict";
import test from "node:test";
import type { JsMsg } from "@nats-io/jetstream";
import { deliveryInfo, infoIn } from "./delivery-info.ts";

const NUMBERS = "3.4294967297.17.1795531889123456789.42";
const expected = {
  deliveries: 3,
  sequence: 4_294_967_297,
  order: 17,
  timeMs: 1_795_531_889_123,
  pending: 42,
};

test("delivery - what its reply subject says, with and without a domain", () => {
  assert.deepEqual(infoIn(`$JS.ACK.DSPEX.follow-router-1.${NUMBERS}`), expected);
  assert.deepEqual(infoIn(`$JS.ACK._.ABC123.DSPEX.follow-router-1.${NUMBERS}`), expected);
  assert.deepEqual(infoIn(`$JS.ACK.hub.ABC123.DSPEX.follow-router-1.${NUMBERS}.x7Qp`), expected);
});

test("delivery - the time is the library's to the millisecond, also where nanoseconds round up", () => {
  for (const nanos of ["1795531889123999999", "1795531889124000000", "1795531889123999871"]) {
    const info = infoIn(`$JS.ACK.DSPEX.c.1.1.1.${nanos}.0`);
    assert.equal(info?.timeMs, Math.floor(Number.parseInt(nanos, 10) / 1e6));
  }
});

test("delivery - the library reads a subject of another form", () => {
  for (const reply of ["", "_INBOX.1", "$JS.ACK.a.b.1.2.3.4.5.6", `$JS.ACK.a.b.c.d.${NUMBERS}.x.y.z`])
    assert.equal(infoIn(reply), undefined, reply);
  const info = { deliveryCount: 3, streamSequence: 4_294_967_297, deliverySequence: 17, pending: 42 };
  const message = { reply: "", info: { ...info, timestampNanos: Number("1795531889123456789") } };
  assert.deepEqual(deliveryInfo(message as unknown as JsMsg), expected);
});
