// The button "Use my position": requests the browser's position only when clicked.
const GEOLOCATION_OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED
const PATIENCE = 10000; // milliseconds: the timeout above does not run while a prompt is open

const ASKING = "Asking your browser where you are…";
const NOT_ALLOWED = "Your browser does not allow us to ask where you are. Its settings can allow it.";
const UNKNOWN = "Your browser could not find out where you are.";
const UNANSWERED = "Your browser has not answered yet. If it asks you, allow it to share your position.";

/** Fill in a form's hidden latitude and longitude, show a message, and notify its map. */
export function choose(form, latitude, longitude, words) {
  form.elements.latitude.value = latitude.toFixed(5);
  form.elements.longitude.value = longitude.toFixed(5);
  form.elements.location.required = false; // the position is enough
  const withoutPosition = form.elements.without_position;
  if (withoutPosition) withoutPosition.checked = false;
  say(form, words);
  form.dispatchEvent(new CustomEvent("chosen", { detail: [latitude, longitude] }));
}

function say(form, words) {
  form.querySelector("[data-said]").textContent = words;
}

function find(form, latitude, longitude) {
  const near = form.elements.near;
  near.value = `${latitude.toFixed(5)},${longitude.toFixed(5)}`;
  near.disabled = false;
  form.submit();
}

function position() {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(resolve, reject, GEOLOCATION_OPTIONS);
  });
}

function clickOnMap(form) {
  return new Promise((resolve) => form.addEventListener("chosen", () => resolve(), { once: true }));
}

async function ask(button) {
  const form = button.form;
  if (!navigator.geolocation) return say(form, NOT_ALLOWED); // off in the browser's settings
  say(form, ASKING);
  const wait = setTimeout(say, PATIENCE, form, UNANSWERED);
  // A position that arrives after a click on the map is not used.
  const answer = await Promise.race([position(), clickOnMap(form)]).catch(({ code }) =>
    say(form, code === REFUSED ? NOT_ALLOWED : UNKNOWN),
  );
  clearTimeout(wait);
  if (!answer) return;
  const { latitude, longitude } = answer.coords;
  if (button.dataset.locate === "near") find(form, latitude, longitude);
  else choose(form, latitude, longitude, "Your position is filled in. A click on the map changes it.");
}

for (const button of document.querySelectorAll("[data-locate]")) {
  button.addEventListener("click", () => ask(button));
}
