/** Start what the page has; without this file everything still works, one page load at a time. */

import * as cart from "./cart.js";
import * as chips from "./chips.js";
import * as counts from "./counts.js";
import * as forms from "./forms.js";
import * as menus from "./menus.js";
import * as more from "./more.js";
import * as places from "./places.js";
import * as rails from "./rails.js";
import { fillLater, onNewContent } from "./refresh.js";
import * as search from "./search.js";
import * as seen from "./seen.js";
import * as signals from "./signals.js";
import * as stars from "./stars.js";
import * as tabs from "./tabs.js";
import * as tune from "./tune.js";
import * as why from "./why.js";

const parts = [cart, chips, counts, forms, menus, more, rails, search, seen, signals, stars, tabs, tune, why, places];
for (const part of parts) part.install();
onNewContent(rails.install);
onNewContent(seen.watch);
fillLater();
