// The buttons "Use my position", "End ride here" and "Undo": they request the browser's position when clicked.
const GEOLOCATION_OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const PERMISSION_DENIED = 1; // of GeolocationPositionError
const PATIENCE = 10000; // milliseconds: the timeout above does not run while a prompt is open
const CLOSE_ENOUGH = 500; // metres: the accuracy that a vehicle's place needs

/** Fill in a form's hidden latitude and longitude, say what is marked, and notify its map. */
export function choose(form, latitude, longitude, what) {
  fill(form, latitude.toFixed(5), longitude.toFixed(5));
  const withoutPosition = form.elements.without_position;
  if (withoutPosition) withoutPosition.checked = false;
  notify(form, what, [latitude, longitude]);
}

function clear(form) {
  fill(form, "", "");
  notify(form, "cleared");
  form.elements.location?.focus();
}

function fill(form, latitude, longitude) {
  form.elements.latitude.value = latitude;
  form.elements.longitude.value = longitude;
  if (form.elements.location) form.elements.location.required = !latitude; // a position is enough
  form.querySelector("[data-clear]").hidden = !latitude;
}

function notify(form, what, place) {
  say(form.querySelector("[data-clear]"), what);
  form.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: place }));
}

/** Show sentences of the page, which has them in its language in data attributes; none to clear. */
function say(button, ...names) {
  const status = button.closest("fieldset, form").querySelector("[data-said]");
  status.textContent = names.map((name) => status.dataset[name]).join(" ");
}

function send(form, { latitude, longitude, accuracy }) {
  if (accuracy > CLOSE_ENOUGH) throw { reason: "vague" };
  form.elements.latitude.value = latitude.toFixed(5);
  form.elements.longitude.value = longitude.toFixed(5);
  form.submit();
}

const USES = {
  near(form, { latitude, longitude }) {
    const near = form.elements.near;
    near.value = `${latitude.toFixed(5)},${longitude.toFixed(5)}`;
    near.disabled = false;
    form.submit();
  },
  position(form, { latitude, longitude }) {
    choose(form, latitude, longitude, "position");
  },
  end: send,
  undo: send,
};

async function position() {
  if (!navigator.geolocation) throw { code: PERMISSION_DENIED }; // off in the browser's settings
  const answer = await new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(resolve, reject, GEOLOCATION_OPTIONS);
  });
  return answer.coords;
}

/** Resolve when the visitor begins to enter the place in another way. */
function anotherWay(element, ...events) {
  return new Promise((resolve) => {
    for (const event of events) element.addEventListener(event, () => resolve(), { once: true });
  });
}

async function ask(button) {
  const { form, dataset } = button;
  const words = dataset.locate === "end" && document.getElementById("other-place");
  const another = words ? anotherWay(words, "toggle", "input", "chosen") : anotherWay(form, "chosen");
  say(button, "asking");
  const wait = setTimeout(say, PATIENCE, button, "waiting");
  try {
    // A position that arrives after the visitor has begun another way is not used.
    const found = await Promise.race([position(), another]);
    if (found) USES[dataset.locate](form, found);
    else if (words) say(button);
  } catch ({ code, reason = code === PERMISSION_DENIED ? "refused" : "unknown" }) {
    say(button, reason, ...(words ? ["instead"] : []));
    if (words) openAndFocus(words);
  } finally {
    clearTimeout(wait);
  }
}

function openAndFocus(details) {
  details.open = true;
  details.querySelector("[name=location]").focus();
}

for (const button of document.querySelectorAll("[data-locate]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault(); // without this script the button sends its form
    ask(button);
  });
}
for (const button of document.querySelectorAll("[data-clear]")) {
  const { form } = button;
  fill(form, form.elements.latitude.value, form.elements.longitude.value);
  button.addEventListener("click", () => clear(form));
}
