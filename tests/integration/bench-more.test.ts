// The other half of the benchmarks, in their short form.

import { testBenches } from "../kit/short-benches.ts";

testBenches(1);
