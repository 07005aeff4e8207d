// What the model of `sentiment` is shown: sentences of the train half of examples/datasets/sentiment.jsonl, in its order.

/** Without labels: how the model leans to each label before it has read anything. As many of each, so that they lean to none. */
export const CALIBRATION = [
  "The trailer was funnier than the whole film.",
  "Our boat trip was ruined by a drunk and rude captain.",
  "The app is fast, simple and free of advertisements.",
  "I would report the driver to the police if I could.",
  "I am so proud of the team for what they achieved.",
  "The bike is light, fast and great fun to ride.",
  "A dreary town with hostile people and overpriced food.",
  "A delicious meal, and the waiter could not have been nicer.",
  "An absolute must for anyone who cares about music.",
  "I woke up with a stiff neck every day on this mattress.",
  "This vacuum cleaner is too weak even for dust.",
  "The orchestra played as if they had never rehearsed.",
  "This cream saved my hands last winter.",
  "The hike was hard and not worth the effort.",
  "The bakery smells heavenly and tastes even better.",
  "Our balcony looked straight onto a brick wall.",
  "The new timetable doubles my commute.",
  "The battery lasts three full days, which still amazes me.",
  "Simply the best birthday present I have ever been given.",
  "An awful film that I want to forget as soon as possible.",
  "The screen flickers and gives me headaches.",
  "We had the time of our lives on this boat trip.",
  "Best pancakes in town, and they are cheap too.",
  "The update fixed all the bugs that I had reported.",
].map((text) => ({ text }));

/** The shortest ones of each label that are whole sentences. */
export const DEMOS = [
  ["A truly inspiring lecture.", "positive"],
  ["This tea tastes like dust.", "negative"],
].map(([text, label]) => ({ inputs: { text }, outputs: { label } }));
