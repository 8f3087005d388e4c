// Updates elements with data-seconds (their age when the page was rendered) to show their current age.

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const pad = (number) => String(number).padStart(2, "0");

function age(seconds) {
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  const rest = pad(seconds % MINUTE);
  return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

// Only the time elapsed since loading is used, because the visitor's clock may be wrong.
const loaded = Date.now();

function tick() {
  const passed = Math.floor((Date.now() - loaded) / 1000);
  for (const element of document.querySelectorAll("[data-seconds]")) {
    element.textContent = age(Number(element.dataset.seconds) + Math.max(0, passed));
  }
}

tick();
setInterval(tick, 1000);
