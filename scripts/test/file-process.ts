// Loaded into each process of test files, so that it always comes to an end, and by way of the "exit" event, where what
// the tests started can be ended too.

// A test that leaves a connection or a timer open would else keep the whole run waiting. Keeps nothing alive itself.
const limitMs = Number(new URL(import.meta.url).searchParams.get("limitMs"));
setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(", ");
  console.error(`test file still running after ${limitMs} ms; open: ${open}`);
  process.exit(1);
}, limitMs).unref();

// How the runner ends what runs when it is interrupted itself.
process.once("SIGTERM", () => process.exit(143));
