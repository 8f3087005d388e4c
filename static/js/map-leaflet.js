// Streets of OpenStreetMap, shown by Leaflet.
const TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png";
const ATTRIBUTION = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors';
// OpenStreetMap wants to know whose pages its tiles are on; pages of ours tell nobody else.
const REFERRER = "strict-origin-when-cross-origin";
const CLOSE_ENOUGH = 16; // zoom: single streets
const DEEPEST = 19;

/** One tile, before anything else is loaded: a few thousand bytes say if there is a way to any. */
function knock([latitude, longitude], zoom = 12) {
  const radians = (latitude * Math.PI) / 180;
  const x = Math.floor(((longitude + 180) / 360) * 2 ** zoom);
  const y = Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * 2 ** zoom);
  const address = TILES.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
  return new Promise((resolve, reject) => {
    Object.assign(new Image(), { referrerPolicy: REFERRER, onload: resolve, onerror: reject, src: address });
  });
}

function loadStyle(href) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    document.head.append(Object.assign(link, { rel: "stylesheet", href, onload: resolve, onerror: reject }));
  });
}

export async function load(stage, { leaflet, leafletStyle, middle }) {
  await knock(middle.split(",").map(Number));
  await Promise.all([import(leaflet), loadStyle(leafletStyle)]);
  const L = window.leaflet;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(stage, {
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    scrollWheelZoom: false, // who scrolls the page over the map means the page
  });
  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  const tiles = L.tileLayer(TILES, { attribution: ATTRIBUTION, maxZoom: DEEPEST, referrerPolicy: REFERRER });
  const areThere = new Promise((resolve, reject) => {
    tiles.once("tileload", resolve);
    tiles.once("load", reject); // all are done, and the promise is not kept yet: none came
  });
  tiles.addTo(map);
  const pins = L.layerGroup().addTo(map);
  stage.addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  return {
    areThere,
    pixel: (place) => map.project(place),
    clear: () => pins.clearLayers(),
    show: (places) => map.fitBounds(places, { maxZoom: CLOSE_ENOUGH, padding: [30, 30] }),
    onZoom: (act) => map.on("zoomend", act),
    onClick(act) {
      map.on("click", ({ latlng }) => act([latlng.lat, latlng.lng]));
      stage.addEventListener("keydown", ({ key, target }) => {
        if (key === "Enter" && target === stage) act([map.getCenter().lat, map.getCenter().lng]);
      });
    },
    put(element, place) {
      const icon = L.divIcon({ html: element, className: "map-pin", iconSize: null });
      const isPin = element.matches("button"); // pins lie above marks
      const options = { icon, interactive: false, keyboard: false, zIndexOffset: isPin ? 1000 : 0 };
      L.marker(place, options).addTo(pins);
      if (isPin) L.DomEvent.disableClickPropagation(element);
    },
    /** Zoom in until these places can be told apart; false if they cannot be. */
    comeNearer(places) {
      const zoom = map.getBoundsZoom(places, false, [40, 40]);
      if (zoom <= map.getZoom() || map.getZoom() === DEEPEST) return false;
      map.flyToBounds(places, { padding: [40, 40], animate: !calm });
      return true;
    },
    open(content, place, onClose) {
      const popup = L.popup({ minWidth: 220, maxWidth: 280 }).setLatLng(place).setContent(content);
      popup.once("remove", onClose);
      popup.openOn(map);
      content.querySelector("button")?.focus();
    },
  };
}
