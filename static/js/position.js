// The button "Use my position": requests the browser's position only when clicked.
const GEOLOCATION_OPTIONS = { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 };
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

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

function ask(button) {
  const form = button.form;
  say(form, "Asking your browser where you are…");
  navigator.geolocation.getCurrentPosition(
    ({ coords: { latitude, longitude } }) => {
      if (button.dataset.locate === "near") find(form, latitude, longitude);
      else choose(form, latitude, longitude, "Your position is filled in. A click on the map changes it.");
    },
    ({ code }) =>
      say(form, code === REFUSED
        ? "Your browser does not allow us to ask where you are."
        : "Your browser could not find out where you are."),
    GEOLOCATION_OPTIONS,
  );
}

for (const button of document.querySelectorAll("[data-locate]")) {
  button.addEventListener("click", () => ask(button));
}
