// Words that say how somebody feels about something, with their weight. General English; weights and rarer words were
// tuned on the train half of examples/datasets/sentiment.jsonl alone.

const WEIGHTED: readonly [number, string][] = [
  [
    2,
    `adore adored adores amazes amazing amazed awesome beautiful best bliss breathtaking brilliant brilliantly charming
     delight delighted delightful divine excellent exceptional fantastic fabulous fascinating flawless flawlessly
     gorgeous great happy happier heavenly impressed impressive incredible inspiring joy love loved loves lovely
     magnificent marvellous nicest outstanding perfect perfectly pleasure praise proud recommend recommended remarkable
     stunning sublime superb terrific thrilled treat triumph tremendous wonderful wonderfully worth`,
  ],
  [
    1,
    `admire affordable amusing attentive better bright calm careful cheerful clean clear clearly clever comfortable
     comfy cosy courteous cozy crisp early easy effortless elegant energetic enjoy enjoyed enjoyable enjoys entertaining
     fair fast fine flavour flavourful fresh friendly fun funny generous gentle genuine gift glad good grateful
     happily healthier healthy helpful hilarious honest hope impeccable improved interesting joyful kind laugh laughed light
     likes lively memorable moist neat nice patient peaceful pleasant pleasantly polite prompt promptly pure quick
     quickly quiet quietly refreshing relaxed repaired relaxing reliable relief rich satisfied satisfying saved saves sharp
     simple smart smile smooth smoothly soft solid solved special spotless stable sturdy success successful
     surprised tasty tender thank thankful thanks thoughtful thoughtfully touching vivid warm welcoming well win
     winner won worked works`,
  ],
  [
    -1,
    `annoying argued bad bent bland bored boring bother broke broken bug bugs burned burnt chaotic cheated cold complain
     complained complaint complaints confused confusing costly cracked crash crashes crashed creaky crowded crushed
     damp dead delayed died dies dirty dry dull dust drops endless endlessly error errors excuses expensive fail failed
     fails failure faded faulty fault flicker flickers freezes flimsy forgot frozen frustrated frustrating greasy hard harsh headache headaches hung hurt hurts
     ignored jammed jams late lazy leak leaks lies lost loud lukewarm mediocre mess messy misleading missing muddy
     neglected nobody noisy overcooked overpriced pain painful poor poorly pretentious problem problems raw refused
     regret rough rubbish rude ruined rushed sad sadly sagged scratchy shame shallow shout shouts sick slow smelled sped stiff soggy
     sour spoil spoiled stain stained stale stinks stank stranded stuck suffered tasteless tedious tired tore torn tough ugly
     unclear unfriendly unhappy unhelpful unreliable unpleasant useless waited waiting wait waste wasted weak worn
     worried wrong`,
  ],
  [
    -2,
    `abysmal appalling atrocious awful disappointed disappointing disappointment disaster disastrous disgusting
     dreadful dreary dull dullest filthy garbage hate hated hates horrible horrid horrific hostile inedible
     incompetent insulting letdown lousy miserable nightmare outrageous pathetic pointless ridiculous rip-off
     scam shameless terrible terribly unacceptable unbearable undrinkable vile worse worst worthless`,
  ],
];

export const WORDS: ReadonlyMap<string, number> = new Map(
  WEIGHTED.flatMap(([weight, words]) =>
    words
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => [word, weight] as const),
  ),
);

/** Said together they mean what none of the words says alone. */
export const PHRASES: readonly [RegExp, number][] = [
  [/\bnever again\b/, -2],
  [/\b(never|not) \w+ (better|happier)\b/, 3],
  [/\b(cannot|can't) \w+(?: \w+){0,4} enough\b/, 3],
  [/\b(fell|falls|came|comes) (apart|off|out)\b/, -2],
  [/\b(gave|give) up\b/, -1],
  [/\bhad better\b|\bbetter \w+ on\b/, -2],
  [/\b(yet|hard|difficult) to (find|imagine) a (better|fault|flaw)\b/, 3],
  [/\bif only\b|\bfor once\b/, 1],
  [/\bas long as you\b|\bat least\b/, -1],
  [/\b(never|not|n't) (regret|disappoint|let|lets)\b/, 2],
];

/** Turn around what follows within a few words. */
export const NEGATIONS: ReadonlySet<string> = new Set(
  `not no never none nobody nothing neither nor without hardly barely cannot can't don't doesn't didn't won't
   wouldn't couldn't shouldn't isn't wasn't aren't weren't ain't haven't hasn't`
    .split(/\s+/)
    .filter(Boolean),
);

/** Strengthen the word behind them. */
export const STRONG: ReadonlySet<string> = new Set(
  "very so really truly extremely absolutely completely totally incredibly utterly deeply far too".split(" "),
);

/** What comes after counts more than what came before. */
export const TURNS: ReadonlySet<string> = new Set(["but", "yet", "however", "although", "though"]);
