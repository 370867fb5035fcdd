// The npm package ws against a gateway that echoes: node ws.mjs NODE_MODULES URL COMPRESSION
import { createRequire } from "node:module";
import assert from "node:assert/strict";

const [modules, url, compression] = process.argv.slice(2);
const { WebSocket } = createRequire(modules + "/x.js")("ws");
const client = new WebSocket(url, { perMessageDeflate: compression === "on" });
const frames = [];
let wake = () => {};
client.on("message", (data, isBinary) => {
    frames.push(isBinary ? data : data.toString());
    wake();
});
const next = async () => {
    while (frames.length === 0) {
        await new Promise((resolve) => (wake = resolve));
    }
    return frames.shift();
};

await new Promise((resolve, reject) => {
    client.on("open", resolve);
    client.on("error", reject);
});
assert.equal(client.extensions !== "", compression === "on");
const bytes = Buffer.from(Array.from({ length: 70000 }, (_, at) => (at * 31) % 256));
for (const message of ["hello", "", "ü\u{1F600}", "x".repeat(200000), bytes, Buffer.alloc(0)]) {
    client.send(message);
    assert.deepEqual(await next(), message);
}
const pong = new Promise((resolve) => client.on("pong", (data) => resolve(data.toString())));
client.ping("are you there");
assert.equal(await pong, "are you there");
const closed = new Promise((resolve) => client.on("close", resolve));
client.close(4001, "enough");
assert.equal(await closed, 4001);
console.log("all went well");
