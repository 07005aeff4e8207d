// The topic of a piece of news by counting words: no model, microseconds. Pure.

import { TOPICS, type Topic, WORDS } from "./topic-words.ts";

const SHORTEST_BEGINNING = 3;

/** The topic that most words speak for; where none does, the first. */
export function topicOf(text: string): Topic {
  const counts = new Map<Topic, number>();
  for (const word of text.toLowerCase().match(/[a-z]+(?:-[a-z]+)*/g) ?? []) {
    const topic = topicOfWord(word);
    if (topic !== undefined) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  return TOPICS.reduce((best, topic) => ((counts.get(topic) ?? 0) > (counts.get(best) ?? 0) ? topic : best));
}

/** A whole word counts before a beginning, a longer beginning before a shorter one. */
function topicOfWord(word: string): Topic | undefined {
  const whole = WORDS.get(word);
  if (whole !== undefined) return whole;
  for (let length = word.length; length >= SHORTEST_BEGINNING; length--) {
    const topic = WORDS.get(`${word.slice(0, length)}-`);
    if (topic !== undefined) return topic;
  }
  return undefined;
}
