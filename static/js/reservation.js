// Counts down the elements with data-seconds-left (when the page was rendered), and says when a reservation has ended.

const MINUTE = 60;

// Only the time elapsed since loading is used, because the visitor's clock may be wrong.
const loaded = Date.now();

function show(banner, seconds) {
  const form = banner.querySelector("form");
  if (seconds > 0) {
    form.querySelector(".ticking").textContent = `${Math.floor(seconds / MINUTE)}:${String(seconds % MINUTE).padStart(2, "0")}`;
    return;
  }
  clearInterval(timer);
  form.remove();
  const status = banner.querySelector("[data-expired]");
  status.textContent = status.dataset.expired;
}

function tick() {
  const passed = Math.floor((Date.now() - loaded) / 1000);
  for (const banner of document.querySelectorAll("[data-seconds-left]")) {
    show(banner, Number(banner.dataset.secondsLeft) - Math.max(0, passed));
  }
}

const timer = setInterval(tick, 1000);
tick();
