// Updates elements with data-seconds (their age when the page was rendered) to show their current age,
// or, of a ride with a tariff, its price so far; and hides elements with data-hidden-after when those seconds have passed.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * 60; // minutes

const pad = (number) => String(number).padStart(2, "0");

function age(seconds) {
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  const rest = pad(seconds % MINUTE);
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// The fare in the minor unit of the currency; movr/fares.py says the rule and computes what is charged.
function fare(seconds, unlockFee, perMinute, dailyCap) {
  const capped = (amount) => Math.min(dailyCap, amount);
  const minutes = Math.ceil(seconds / MINUTE);
  const later = Math.max(minutes - DAY, 0);
  return (
    capped(unlockFee + perMinute * Math.min(minutes, DAY)) +
    Math.floor(later / DAY) * capped(perMinute * DAY) +
    capped(perMinute * (later % DAY))
  );
}

function price(seconds, { unlockFee, perMinute, dailyCap, currency, locale }) {
  const money = new Intl.NumberFormat(locale, { style: "currency", currency });
  const minor = 10 ** money.resolvedOptions().maximumFractionDigits;
  return money.format(fare(seconds, Number(unlockFee), Number(perMinute), Number(dailyCap)) / minor);
}

// Only the time elapsed since loading is used, because the visitor's clock may be wrong.
const loaded = Date.now();

function tick() {
  const passed = Math.floor((Date.now() - loaded) / 1000);
  for (const element of document.querySelectorAll("[data-seconds]")) {
    const seconds = Number(element.dataset.seconds) + Math.max(0, passed);
    element.textContent = element.dataset.currency ? price(seconds, element.dataset) : age(seconds);
  }
  for (const element of document.querySelectorAll("[data-hidden-after]")) {
    element.hidden = passed >= Number(element.dataset.hiddenAfter);
  }
}

tick();
setInterval(tick, 1000);
