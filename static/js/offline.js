// Installs the service worker and remembers the ride under way, which the page for browsers without a network shows.

const KEY = "ride";
const { ride, rideSeconds, noRide } = document.body.dataset;

// The start by this device's clock, because the server's may differ.
if (ride !== undefined) localStorage.setItem(KEY, JSON.stringify({ ride, started: Date.now() - 1000 * rideSeconds }));
if (noRide !== undefined) localStorage.removeItem(KEY);

const shown = document.querySelector("[data-last-ride]");
const known = localStorage.getItem(KEY);
if (shown && known) {
  const { ride, started } = JSON.parse(known);
  shown.querySelector("[data-name]").textContent = ride;
  shown.querySelector(".ticking").dataset.seconds = Math.floor((Date.now() - started) / 1000);
  shown.hidden = false;
}
// Not reload(), which would send a form again.
if (shown) addEventListener("online", () => location.replace(location.href));

// A browser may refuse it, in a private window for example; then it shows a page of its own.
navigator.serviceWorker?.register(`/service-worker.js?lang=${document.documentElement.lang}`).catch(() => {});
