// What is sent in all request benchmarks: 400 bytes of JSON, as `{"text": "…"}`, and a short question for programs that
// call a model.

const PAYLOAD_BYTES = 400;
const WORDS = "a durable request is stored before it is answered, and its answer before it is acknowledged; ";
const ROOM = PAYLOAD_BYTES - JSON.stringify({ text: "" }).length;

/** Makes `{"text":"…"}` 400 bytes long. */
export const PAYLOAD_TEXT = WORDS.repeat(Math.ceil(ROOM / WORDS.length)).slice(0, ROOM);

/** `python/in_process.py` asks the same. */
export const QUESTION = "what is two and two?";
