// fast-check with one seed for all properties: the suite tries the same each time, so that what it says of a change is
// about the change. `DSPEX_TEST_SEED` tries something else.

import fc from "fast-check";
import { chooseSeed } from "./random.ts";

fc.configureGlobal({ seed: chooseSeed(20_261) });

export { fc };
