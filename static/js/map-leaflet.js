// The street map by Leaflet, with tiles of OpenStreetMap.
const TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png";
const ATTRIBUTION = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors';
// OpenStreetMap requires a referrer with requests for tiles; MovR's pages send none to other sites.
const REFERRER = "strict-origin-when-cross-origin";
const CLOSE_ENOUGH = 16; // zoom: single streets
const DEEPEST = 19;

/** Load a single tile first, to check that the tile server can be reached. */
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
    scrollWheelZoom: false, // scrolling over the map scrolls the page
  });
  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  const tiles = L.tileLayer(TILES, { attribution: ATTRIBUTION, maxZoom: DEEPEST, referrerPolicy: REFERRER });
  const areThere = new Promise((resolve, reject) => {
    tiles.once("tileload", resolve);
    tiles.once("load", reject); // all requests are done; if none succeeded, this rejects
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
      const isPin = element.matches("button"); // pins are above other marks
      const options = { icon, interactive: false, keyboard: false, zIndexOffset: isPin ? 1000 : 0 };
      L.marker(place, options).addTo(pins);
      if (isPin) L.DomEvent.disableClickPropagation(element);
    },
    /** Zoom in to separate these places; return false if that is not possible. */
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
