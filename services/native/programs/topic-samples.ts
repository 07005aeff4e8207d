// What the model of `topic` is shown: sentences of the train half of examples/datasets/topic.jsonl, in its order.

/** Without labels: how the model leans to each label before it has read anything. As many of each, so that they lean to none. */
export const CALIBRATION = [
  "Bacteria in the gut influence how we digest fat.",
  "Refugees may apply for asylum at the embassy.",
  "The satellite maps the magnetic field of the Earth.",
  "The carmaker recalled its annual forecast because of weak sales.",
  "The king asked the leader of the largest party to form a government.",
  "A new hockey season begins in October.",
  "Creditors will get back forty cents on the euro.",
  "The accountants found a gap in the balance sheet.",
  "The governor pardoned eleven prisoners on her last day.",
  "The crew from Oxford was ahead until an oar broke.",
  "A leaked letter forced the minister to resign.",
  "Her bakery chain now employs three hundred people.",
  "She touched the wall a hundredth of a second before her rival.",
  "The golfer missed a short putt on the final green.",
  "She broke the national record in the 400 metres.",
  "The Greens doubled their seats in the regional assembly.",
  "The frogs survive being frozen solid and thaw in spring.",
  "The price of copper reached a ten-year high.",
  "The brewery passed the higher price of malt on to pubs.",
  "The boxer won his title fight by knockout.",
  "Ecologists counted the insects in a hundred meadows.",
  "Rats that slept well remembered the maze better.",
  "The bill to fund the space agency passed with the votes of both parties.",
  "The spectrum reveals sodium in the comet's tail.",
].map((text) => ({ text }));

/** The shortest ones of each label that are whole sentences. */
export const DEMOS = [
  ["Rain stopped play after twelve overs.", "sports"],
  ["Her campaign bus stopped in forty towns.", "politics"],
  ["The dye glows when it meets the toxin.", "science"],
  ["Orders for machine tools declined in May.", "business"],
].map(([text, label]) => ({ inputs: { text }, outputs: { label } }));
