// The buttons "Use my position", "End ride here" and "Undo": they request the browser's position when clicked.
const GEOLOCATION_OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED
const VAGUE = "vague";
const PATIENCE = 10000; // milliseconds: the timeout above does not run while a prompt is open
const CLOSE_ENOUGH = 500; // metres: the accuracy that a vehicle's place needs

const ASKING = "Finding your position…";
const UNKNOWN = "We could not find your position.";
const UNANSWERED = "Still waiting for your position. If your browser asks, please allow it.";
const SENTENCES = {
  [REFUSED]: "Your browser does not share your position with us. Its settings can allow it.",
  [VAGUE]: "Your position is not exact enough.",
};

/** Fill in a form's hidden latitude and longitude, show a message, and notify its map. */
export function choose(form, latitude, longitude, words) {
  fill(form, latitude.toFixed(5), longitude.toFixed(5));
  const withoutPosition = form.elements.without_position;
  if (withoutPosition) withoutPosition.checked = false;
  notify(form, words, [latitude, longitude]);
}

function clear(form) {
  fill(form, "", "");
  notify(form, "The map is cleared.");
  form.elements.location?.focus();
}

function fill(form, latitude, longitude) {
  form.elements.latitude.value = latitude;
  form.elements.longitude.value = longitude;
  if (form.elements.location) form.elements.location.required = !latitude; // a position is enough
  form.querySelector("[data-clear]").hidden = !latitude;
}

function notify(form, words, place) {
  say(form.querySelector("[data-clear]"), words);
  form.dispatchEvent(new CustomEvent("chosen", { bubbles: true, detail: place }));
}

function say(button, words) {
  button.closest("fieldset, form").querySelector("[data-said]").textContent = words;
}

function send(form, { latitude, longitude, accuracy }) {
  if (accuracy > CLOSE_ENOUGH) throw { code: VAGUE };
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
    choose(form, latitude, longitude, "Your position is marked. Click on the map to change it.");
  },
  end: send,
  undo: send,
};

async function position() {
  if (!navigator.geolocation) throw { code: REFUSED }; // off in the browser's settings
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
  say(button, ASKING);
  const wait = setTimeout(say, PATIENCE, button, UNANSWERED);
  try {
    // A position that arrives after the visitor has begun another way is not used.
    const found = await Promise.race([position(), another]);
    if (found) USES[dataset.locate](form, found);
    else if (words) say(button, "");
  } catch ({ code }) {
    const sentence = SENTENCES[code] ?? UNKNOWN;
    say(button, words ? `${sentence} Enter the place instead.` : sentence);
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
