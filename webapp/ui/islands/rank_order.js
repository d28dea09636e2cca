// The order of a ballot as pure moves on a sequence: groups of tied labels from best to worst, and the line among them.
(function (P) {
  "use strict";
  const LINE = "line";
  const without = (list, gone) => list.filter((entry) => entry !== gone);

  // state: {groups: [["B"], ["A", "C"]], unranked: ["D"], acceptable: 1 | null}
  function opened(state) {
    const sequence = state.groups.map((group) => [...group]);
    if (state.acceptable !== null) sequence.splice(state.acceptable, 0, LINE);
    return { sequence, tray: [...state.unranked] };
  }

  function closed({ sequence, tray }) {
    const kept = sequence.filter((entry) => entry === LINE || entry.length);
    const at = kept.indexOf(LINE);
    return { groups: without(kept, LINE), unranked: tray.sort(), acceptable: at < 0 ? null : at };
  }

  const groupOf = (open, label) => open.sequence.find((entry) => entry !== LINE && entry.includes(label));

  // Takes the label away but leaves its emptied group, so that positions stay valid until `closed`.
  function lift(open, label) {
    open.tray = without(open.tray, label);
    const group = groupOf(open, label);
    if (group) group.splice(group.indexOf(label), 1);
  }

  const order = (P.rankOrder = {});

  // Drops the label into gap `gap` of the sequence (0 is the top) as a group of its own.
  order.toGap = function (state, label, gap) {
    const open = opened(state);
    lift(open, label);
    open.sequence.splice(gap, 0, [label]);
    return closed(open);
  };

  order.intoGroup = function (state, label, other) {
    const open = opened(state);
    const target = groupOf(open, other);
    if (!target || target.includes(label)) return state;
    lift(open, label);
    target.push(label);
    target.sort();
    return closed(open);
  };

  order.toTray = function (state, label) {
    const open = opened(state);
    lift(open, label);
    open.tray.push(label);
    const next = closed(open);
    // Emptying what lay above the line says nothing of the rest, so the line goes too.
    return next.acceptable === 0 && state.acceptable !== 0 ? { ...next, acceptable: null } : next;
  };

  order.last = (state, label) => order.toGap(state, label, opened(state).sequence.length);

  order.lineToGap = function (state, gap) {
    const open = opened(state);
    const at = open.sequence.indexOf(LINE);
    const groups = without(open.sequence, LINE);
    const place = at >= 0 && at < gap ? gap - 1 : gap;
    return { ...state, acceptable: Math.max(0, Math.min(place, groups.length)) };
  };

  // One place up (-1) or down (+1): out of a tie first, then past the neighbour, the line included.
  order.step = function (state, label, direction) {
    const open = opened(state);
    const group = groupOf(open, label);
    if (!group) return direction < 0 ? order.last(state, label) : state;
    const at = open.sequence.indexOf(group);
    if (group.length > 1) return order.toGap(state, label, direction < 0 ? at : at + 1);
    if (direction < 0) return at === 0 ? state : order.toGap(state, label, at - 1);
    return at === open.sequence.length - 1 ? order.toTray(state, label) : order.toGap(state, label, at + 2);
  };

  // Ties with the group above, or parts from those it is tied with.
  order.tie = function (state, label) {
    const open = opened(state);
    const group = groupOf(open, label);
    if (!group) return state.groups.length ? order.intoGroup(state, label, state.groups[state.groups.length - 1][0]) : state;
    if (group.length > 1) return order.toGap(state, label, open.sequence.indexOf(group) + 1);
    const above = state.groups[state.groups.findIndex((one) => one.includes(label)) - 1];
    return above ? order.intoGroup(state, label, above[0]) : state;
  };

  // The line below the label's group, or away if it is there already.
  order.lineBelow = function (state, label) {
    const place = state.groups.findIndex((group) => group.includes(label)) + 1;
    return { ...state, acceptable: state.acceptable === place ? null : place };
  };

  order.place = (state, label) => state.groups.findIndex((group) => group.includes(label)) + 1;
  order.sequence = (state) => opened(state).sequence;
  order.LINE = LINE;
})((window.Podium = window.Podium || {}));
