// Replaces the drawing of a page by a street map once its tiles are loaded.
// If they cannot be loaded (offline or blocked), the drawing remains.
import { choose } from "./position.js";

const TOUCHING = 36; // pixels: vehicles closer to each other share a pin
const BY_GOOGLE = "./map-google.js";
const BY_LEAFLET = "./map-leaflet.js";

const numbers = (text) => text.split(",").map(Number);

function element(tag, className, properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

/** Group vehicles whose pins would touch the pin of the first of their group. */
function groups(streets, vehicles) {
  const found = [];
  for (const vehicle of vehicles) {
    const { x, y } = streets.pixel(vehicle.place);
    const near = found.find((group) => Math.hypot(group.x - x, group.y - y) < TOUCHING);
    if (near) near.vehicles.push(vehicle);
    else found.push({ x, y, vehicles: [vehicle] });
  }
  return found.map((group) => group.vehicles);
}

/** Copy the vehicles' cards for the popup of their pin. */
function cards(vehicles) {
  const list = element("ul", "vehicle-cards map-cards");
  for (const { node } of vehicles) {
    const card = node.cloneNode(true);
    card.removeAttribute("id");
    list.append(card);
  }
  return list;
}

/** Put values into a sentence of the page: `{count} vehicles`. */
function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function pin(vehicles, sentences) {
  const [{ node }] = vehicles;
  const isBusy = vehicles.every((vehicle) => "busy" in vehicle.node.dataset);
  const button = element("button", isBusy ? "pin pin-busy" : "pin", { type: "button" });
  const words = (selector) => node.querySelector(selector).textContent.trim().replace(/\s+/g, " ");
  const name = `${words(".vehicle-card-title")}, ${words(".vehicle-card-place")}`;
  if (vehicles.length > 1) {
    button.textContent = vehicles.length;
    button.setAttribute("aria-label", filled(sentences.several, { count: vehicles.length, vehicle: name }));
  } else {
    button.append(node.querySelector(".vehicle-card-icon .icon").cloneNode(true));
    button.setAttribute("aria-label", isBusy ? filled(sentences.busy, { vehicle: name }) : name);
  }
  return button;
}

function showVehicles(map, streets) {
  const vehicles = [...document.querySelectorAll(".vehicle-card[data-at]")].map((node) => ({
    node,
    place: numbers(node.dataset.at),
  }));
  const { centre, visitor } = map.dataset;
  const origin = numbers(visitor ?? centre);
  let pins = [];
  let opened; // the first vehicle of the open card
  const pinOf = (vehicle) => pins.find(({ group }) => group.includes(vehicle));
  const markOpened = () => {
    for (const { button, group } of pins) button.setAttribute("aria-expanded", group.includes(opened));
  };
  const open = (group) => {
    const places = group.map((vehicle) => vehicle.place);
    const canBeToldApart = new Set(places.map(String)).size > 1;
    if (canBeToldApart && streets.comeNearer(places)) return;
    streets.open(cards(group), places[0], () => {
      pinOf(opened)?.button.focus();
      opened = undefined;
      markOpened();
    });
    [opened] = group; // only now, because an earlier card was closed
    markOpened();
  };
  const draw = () => {
    const focused = pins.find(({ button }) => button === document.activeElement);
    streets.clear();
    const title = map.dataset.origin;
    const mark = element("span", visitor ? "pin-you" : "pin-centre", { role: "img", title });
    mark.setAttribute("aria-label", title);
    streets.put(mark, origin);
    pins = groups(streets, vehicles).map((group) => ({ group, button: pin(group, map.dataset) }));
    for (const { group, button } of pins) {
      button.addEventListener("click", () => open(group));
      streets.put(button, group[0].place);
    }
    markOpened();
    if (focused) pinOf(focused.group[0]).button.focus(); // for keyboard users: the focused pin was replaced
  };
  streets.show([origin, ...vehicles.map((vehicle) => vehicle.place)]);
  streets.onZoom(draw);
  draw();
}

function showChosen(map, streets) {
  const form = map.closest("form");
  const mark = (place) => {
    streets.clear();
    streets.put(element("span", "pin-chosen"), place);
  };
  streets.show([numbers(map.querySelector(".map-drawing").dataset.middle)]);
  const { latitude, longitude } = form.elements;
  if (latitude.value) mark([Number(latitude.value), Number(longitude.value)]);
  form.addEventListener("chosen", ({ detail: place }) => {
    if (!place) return streets.clear();
    mark(place);
    streets.show([place]);
  });
  streets.onClick((place) => chooseOnMap(form, ...place));
}

function chooseOnMap(form, latitude, longitude) {
  choose(form, latitude, longitude, "place");
}

/** Let clicks on the drawing choose a position; the drawing is to scale. */
function letDrawingChoose(map) {
  const form = map.closest("form");
  const drawing = map.querySelector(".map-drawing");
  const chosen = drawing.querySelector("[data-chosen]");
  const [middle, degrees] = [numbers(drawing.dataset.middle), numbers(drawing.dataset.degrees)];
  const { width, height } = drawing.viewBox.baseVal;
  const mark = (place) => {
    chosen.setAttribute("visibility", place ? "inherit" : "hidden");
    if (!place) return;
    const [latitude, longitude] = place;
    const x = width / 2 + (longitude - middle[1]) / degrees[1];
    const y = height / 2 - (latitude - middle[0]) / degrees[0];
    chosen.setAttribute("transform", `translate(${x} ${y})`);
  };
  drawing.addEventListener("click", ({ clientX, clientY }) => {
    const point = new DOMPoint(clientX, clientY).matrixTransform(drawing.getScreenCTM().inverse());
    const latitude = middle[0] - (point.y - height / 2) * degrees[0];
    chooseOnMap(form, latitude, middle[1] + (point.x - width / 2) * degrees[1]);
  });
  form.addEventListener("chosen", ({ detail }) => mark(detail));
  const { latitude, longitude } = form.elements;
  if (latitude.value) mark([Number(latitude.value), Number(longitude.value)]);
}

/** Draw the zones that are in force, if the page has some. */
async function showZones({ zones }, streets) {
  if (!zones) return;
  const response = await fetch(zones);
  const { data } = await response.json();
  const isNow = ({ start, end }) => new Date(start) <= new Date() && !(new Date(end) <= new Date());
  for (const zone of data.geofencing_zones.features.reverse()) {
    const [rule] = zone.properties.rules;
    if (isNow(zone.properties)) streets.outline(zone, rule.ride_end_allowed);
  }
}

async function layStreets(map) {
  const stage = element("div", "map-streets");
  stage.setAttribute("role", "region");
  stage.setAttribute("aria-label", map.dataset.label);
  const drawing = map.querySelector(".map-drawing");
  const { load } = await import(map.dataset.google ? BY_GOOGLE : BY_LEAFLET);
  map.append(stage);
  const showDrawing = () => {
    stage.remove();
    map.classList.remove("has-streets");
  };
  try {
    const streets = await load(stage, { ...map.dataset, ...drawing.dataset }, showDrawing);
    (map.dataset.map === "picker" ? showChosen : showVehicles)(map, streets);
    await showZones(map.dataset, streets);
    await streets.areThere;
    if (stage.isConnected) map.classList.add("has-streets");
  } catch {
    showDrawing();
  }
}

/** Act when the map is visible: at once, or when the disclosure around it is opened. */
function whenOpen(map, act) {
  const details = map.closest("details");
  if (!details || details.open) act();
  else details.addEventListener("toggle", act, { once: true });
}

/** Mark the pin of the drawing whose link, or whose list of vehicles, leads to the page's fragment. */
function markFollowed(map) {
  for (const pin of map.querySelectorAll("a.pin")) {
    const fragment = pin.getAttribute("href");
    const links = [pin, ...map.querySelectorAll(`[id="${fragment.slice(1)}"] li a`)];
    const isFollowed = links.some((link) => link.getAttribute("href") === location.hash);
    if (isFollowed) pin.setAttribute("aria-current", "true");
    else pin.removeAttribute("aria-current");
  }
}

for (const map of document.querySelectorAll("[data-map]")) {
  if (map.dataset.map === "picker") letDrawingChoose(map);
  markFollowed(map);
  window.addEventListener("hashchange", () => markFollowed(map));
  if (navigator.onLine) whenOpen(map, () => layStreets(map));
}
