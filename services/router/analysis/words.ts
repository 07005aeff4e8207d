// Words that tell a language or a need, in a hash table that the scan probes once a word. Lower case, whole words.

/** What a word is a sign of. Languages come first. */
export const LANGUAGES = ["en", "de", "fr", "es", "pt", "it", "nl", "pl", "sv", "tr"] as const;
export const REASONING = LANGUAGES.length;
export const TOOLS = REASONING + 1;
export const SIGNS = TOOLS + 1;

/** Frequent words that no other of the languages shares. */
const OF_LANGUAGES: Record<(typeof LANGUAGES)[number], string> = {
  en: "the and of to is that it was for with this are have you not what be at which they from",
  de: "der und das ist nicht ich sie mit den ein eine auf dem für sich auch wird wie wir oder",
  fr: "le les et est des du que une pour dans qui pas sur avec ce cette nous vous sont je",
  es: "el los las y es por con para del como pero más su lo está fue ha muy también cuando",
  pt: "o os não um uma com do da em ao são você mais foi dos das pelo isso muito também",
  it: "il di che è per gli sono della nel con anche più questo alla dei delle ma ho perché molto",
  nl: "het een van ik niet dat zijn voor op aan er maar ook wordt naar bij nog wel heeft deze",
  pl: "w i na nie się jest że z do to jak za ale czy po przez być już tak lub",
  sv: "och att det som på är av för med inte jag den ett om har till kan så var men",
  tr: "ve bir bu için da de çok ile ne gibi daha ama olarak kadar sonra var mi değil ben en",
};

const OF_NEEDS: Record<number, string> = {
  [REASONING]: `why how explain because prove proof derive deduce infer reason reasoning step steps therefore hence
    compare contrast analyse analyze evaluate calculate compute solve equation optimal plan strategy argue justify
    warum weshalb erkläre begründe berechne vergleiche beweise pourquoi explique calcule compare démontre
    explica calcula compara demuestra perché spiega calcola waarom bereken`,
  [TOOLS]: `search lookup browse google latest today current currently weather forecast price prices stock news fetch
    download website url http https www api database query email calendar schedule suche heute aktuell wetter
    cherche actuel météo busca hoy actual`,
};

const SLOTS = 1_024;
const MASK = SLOTS - 1;
const PRIME = 0x01000193;
export const HASH_START = 0x811c9dc5 | 0;

/** One more character of a word. */
export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, PRIME);
}

const hashes = new Int32Array(SLOTS);
const signs = new Uint8Array(SLOTS).fill(255);

function insert(word: string, sign: number): void {
  let hash = HASH_START;
  for (let at = 0; at < word.length; at++) hash = hashStep(hash, word.charCodeAt(at));
  let slot = (hash ^ (hash >>> 16)) & MASK;
  while (signs[slot] !== 255) {
    // A word of two languages tells neither.
    if (hashes[slot] === hash) {
      if (signs[slot] !== sign) signs[slot] = SIGNS;
      return;
    }
    slot = (slot + 1) & MASK;
  }
  hashes[slot] = hash;
  signs[slot] = sign;
}

for (const [sign, language] of LANGUAGES.entries()) {
  for (const word of OF_LANGUAGES[language].split(/\s+/)) insert(word, sign);
}
for (const sign of [REASONING, TOOLS]) {
  for (const word of (OF_NEEDS[sign] as string).split(/\s+/)) insert(word, sign);
}

/** What a word with this hash is a sign of; `SIGNS` = nothing. */
export function signOf(hash: number): number {
  let slot = (hash ^ (hash >>> 16)) & MASK;
  for (;;) {
    const sign = signs[slot] as number;
    if (sign === 255) return SIGNS;
    if (hashes[slot] === hash) return sign;
    slot = (slot + 1) & MASK;
  }
}
