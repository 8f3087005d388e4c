// The street map by Leaflet, with tiles of OpenStreetMap.
const TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png";
const OPENSTREETMAP = '<a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>';
// OpenStreetMap requires a referrer with requests for tiles; MovR's pages send none to other sites.
const REFERRER = "strict-origin-when-cross-origin";
const CLOSE_ENOUGH = 16; // zoom: single streets
const DEEPEST = 19;
const CARD = 280; // pixels: the width of an open card, if the map is wider
const PIN = 24; // pixels: half a pin, its shadow and some space
const ZOOM_BUTTONS = 48; // pixels: their width and margin

/** Return a tile as an object URL. Rejects error images (403, 429), which <img> would show. */
async function fetchTile(address) {
  const response = await fetch(address, { referrerPolicy: REFERRER });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return URL.createObjectURL(await response.blob());
}

/** Load a single tile first, to check that the tile server can be reached. */
async function knock([latitude, longitude], zoom = 12) {
  const radians = (latitude * Math.PI) / 180;
  const x = Math.floor(((longitude + 180) / 360) * 2 ** zoom);
  const y = Math.floor(((1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2) * 2 ** zoom);
  const address = TILES.replace("{z}", zoom).replace("{x}", x).replace("{y}", y);
  URL.revokeObjectURL(await fetchTile(address));
}

/** Return a layer of tiles that shows no error image. */
function tileLayer(L, attribution) {
  const Tiles = L.TileLayer.extend({
    createTile(coordinates, done) {
      const image = Object.assign(document.createElement("img"), { alt: "" });
      fetchTile(this.getTileUrl(coordinates)).then((src) => {
        const show = (error) => {
          URL.revokeObjectURL(src);
          done(error, image);
        };
        Object.assign(image, { src, onload: () => show(), onerror: show });
      }, done);
      return image;
    },
  });
  return new Tiles(TILES, { attribution, maxZoom: DEEPEST });
}

function loadStyle(href) {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    document.head.append(Object.assign(link, { rel: "stylesheet", href, onload: resolve, onerror: reject }));
  });
}

export async function load(stage, { leaflet, leafletStyle, middle, attribution, zoomIn, zoomOut, close }) {
  await knock(middle.split(",").map(Number));
  await Promise.all([import(leaflet), loadStyle(leafletStyle)]);
  const L = window.leaflet;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const map = L.map(stage, {
    zoomAnimation: !calm,
    fadeAnimation: !calm,
    scrollWheelZoom: false, // scrolling over the map scrolls the page
    zoomControl: false,
  });
  L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  const tiles = tileLayer(L, attribution.replace("{map}", OPENSTREETMAP));
  const areThere = new Promise((resolve, reject) => {
    tiles.once("tileload", resolve);
    tiles.once("load", reject); // all requests are done; if none succeeded, this rejects
  });
  tiles.addTo(map);
  const pins = L.layerGroup().addTo(map);
  const credits = map.attributionControl.getContainer();
  // So that no pin lies under the zoom buttons, the attribution or an edge.
  const padding = () => ({
    paddingTopLeft: [ZOOM_BUTTONS + PIN, PIN],
    paddingBottomRight: [PIN, credits.offsetHeight + PIN],
  });
  stage.addEventListener("keydown", ({ key }) => key === "Escape" && map.closePopup());
  return {
    areThere,
    pixel: (place) => map.project(place),
    clear: () => pins.clearLayers(),
    show(places) {
      if (places.length === 1) map.setView(places[0], CLOSE_ENOUGH);
      else map.fitBounds(places, { maxZoom: CLOSE_ENOUGH, ...padding() });
    },
    onZoom: (act) => map.on("zoomend", act),
    onClick(act) {
      map.on("click", ({ latlng }) => act([latlng.lat, latlng.lng]));
      stage.addEventListener("keydown", ({ key, target }) => {
        if (key === "Enter" && target === stage) act([map.getCenter().lat, map.getCenter().lng]);
      });
    },
    outline(zone, isAllowed) {
      const className = isAllowed ? "map-zone" : "map-zone map-no-parking";
      L.geoJSON(zone, { style: { className }, interactive: false }).addTo(map);
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
      const { paddingTopLeft, paddingBottomRight } = padding();
      const zoom = map.getBoundsZoom(places, false, L.point(paddingTopLeft).add(paddingBottomRight));
      if (zoom <= map.getZoom() || map.getZoom() === DEEPEST) return false;
      map.flyToBounds(places, { ...padding(), animate: !calm });
      return true;
    },
    open(content, place, onClose) {
      const width = Math.min(CARD, map.getSize().x - ZOOM_BUTTONS - PIN);
      const popup = L.popup({
        minWidth: width,
        maxWidth: width,
        offset: [0, -PIN / 2],
        autoPanPaddingTopLeft: [ZOOM_BUTTONS, 5],
      });
      popup.setLatLng(place).setContent(content);
      popup.once("remove", onClose);
      popup.openOn(map);
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", close);
      content.querySelector("button")?.focus();
    },
  };
}
