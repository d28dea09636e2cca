// An order that is being tapped together: who is placed, what that says, and in which words.
(function (J) {
  "use strict";

  J.say = function (key, fill) {
    const words = J.words[key];
    if (words === undefined) throw new Error(`no words for ${key}`);
    return words.replace(/\{(\w+)\}/g, (whole, name) => (fill && name in fill ? fill[name] : whole));
  };
  const places = J.say("places").split(" ");

  J.order = {
    // Who is left out shares the last place, so an order is whole after all but one are placed.
    groups(labels, placed) {
      const left = labels.filter((label) => !placed.includes(label));
      return [...placed.map((label) => [label]), ...(left.length ? [left] : [])];
    },

    // The other way round: what was tapped to get these groups.
    placed(groups) {
      const shared = groups.findIndex((group) => group.length > 1);
      return (shared < 0 ? groups : groups.slice(0, shared)).flat();
    },

    // "2nd", "last, shared", or nothing before the first tap.
    place(labels, placed, label) {
      const at = placed.indexOf(label);
      if (at >= 0) return places[at];
      if (!placed.length) return "";
      return labels.length - placed.length === 1 ? places[placed.length] : J.say("shared");
    },

    next: (placed) => places[placed.length],

    tap: (placed, label) => (placed.includes(label) ? placed.filter((one) => one !== label) : [...placed, label]),

    // "B, then A, then C and D together".
    words(groups) {
      const said = groups.map((group) => {
        const labels = [group.slice(0, -1).join(", "), group.at(-1)].filter(Boolean).join(J.say("and"));
        return group.length > 1 ? J.say("together", { labels }) : labels;
      });
      return said.join(J.say("then"));
    },
  };
})((window.Join = window.Join || {}));
