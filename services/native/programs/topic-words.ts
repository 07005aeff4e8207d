// The most usual words of four kinds of news, as one would write them down in five minutes; tuned on nothing. A word
// that ends in "-" stands for all that begin with it.

const WORDS_BY_TOPIC = {
  sports: `athlet- championship- coach cup fans final football game games goal goals league match matches medal olympic player-
    race referee score- season stadium team tennis tournament training win- won`,
  politics: `border- campaign- candidate- coalition council diplomat- elect- government- law laws mayor minister- opposition
    parliament party policy president reform- sanctions senat- treaty vote- voting`,
  science: `astronom- atom- biolog- brain- cell cells chemi- climate discover- energy experiment- fossil- gene genes genetic-
    laborator- molecul- physic- planet- research- scientist- space species study telescope vaccine- virus-`,
  business: `bank banks chief company companies contract- customer- debt- dollar- econom- employ- euro- executive firm firms growth
    industry invest- market- merge- price prices profit- quarter retail- revenue sales share shares stock trade`,
} as const;

export type Topic = keyof typeof WORDS_BY_TOPIC;

/** In the order in which a tie is decided. */
export const TOPICS = Object.keys(WORDS_BY_TOPIC) as Topic[];

/** Whole words and beginnings of words. */
export const WORDS: ReadonlyMap<string, Topic> = new Map(
  TOPICS.flatMap((topic) => WORDS_BY_TOPIC[topic].split(/\s+/).map((word): [string, Topic] => [word, topic])),
);
