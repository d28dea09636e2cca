// Requests that follow a moving slider: one at a time, always for the newest setting; and slow ones, when it rests.
(function (P) {
  "use strict";
  const T = P.tune;
  let told = false;

  async function answered(path, body) {
    try {
      const reply = await P.api(path, { body });
      told = false;
      return reply;
    } catch (error) {
      const gone = error instanceof P.Problem && error.status === 404 && T.prices.startsWith("book:");
      if (gone && (await T.bringBook())) return P.api(path, { body });
      throw error;
    }
  }
  // A server that is away is told once, not for every step of a drag.
  function failed(error) {
    if (told || error.name === "AbortError") return;
    told = error.status === 0 || error.status === 503;
    P.failed(error);
  }

  // `make` gives the body of the newest wish; replies come in order, since only one request flies.
  T.follow = function (path, make, show) {
    let flying = false, again = false;
    async function fly() {
      flying = true;
      do {
        again = false;
        const body = make();
        try {
          const reply = await answered(path, body);
          show(reply, body);
        } catch (error) {
          failed(error);
        }
      } while (again);
      flying = false;
    }
    return () => {
      if (flying) again = true;
      else fly();
    };
  };

  // Slow figures: one request at a time as well, so that the server never works off a queue of settings that are gone,
  // and a reply to a setting that is no longer the one is dropped.
  T.whenSettled = function (path, make, show, busy = null) {
    let flying = false, again = false;
    return async function ask() {
      if (flying) {
        again = true;
        return;
      }
      flying = true;
      busy?.(true);
      do {
        again = false;
        const body = make();
        if (body === null) break;
        try {
          const reply = await answered(path, body);
          if (!again) show(reply, body);
        } catch (error) {
          if (!again) failed(error);
        }
      } while (again);
      flying = false;
      busy?.(false);
    };
  };
})(window.Podium);
