// The street map by Google Maps, used if the deployment sets API_KEY.
const LOADER = "https://maps.googleapis.com/maps/api/js";
const CLOSE_ENOUGH = 16; // zoom: single streets
const TILE = 256; // pixels: the world at zoom 0
const CARD = 240; // pixels: the least width of an open card
const PIN = 24; // pixels: half a pin, its shadow and some space
const CONTROLS = { top: 60 + PIN, right: 60 + PIN, bottom: 30 + PIN, left: PIN }; // no pin lies under one

/** Load Google's script with the page's nonce, as documented; it calls back when it is ready. */
function loadGoogle(key, giveUp) {
  return new Promise((resolve, reject) => {
    window.googleMapsAreThere = resolve;
    window.gm_authFailure = giveUp; // called by Google if it refuses the key, also after the start
    const parameters = new URLSearchParams({
      key,
      loading: "async",
      callback: "googleMapsAreThere",
      language: document.documentElement.lang,
      auth_referrer_policy: "origin", // the page's URL may contain the visitor's position
    });
    const { nonce } = document.querySelector("script[nonce]");
    const script = Object.assign(document.createElement("script"), { nonce, onerror: reject });
    script.src = `${LOADER}?${parameters}`;
    document.head.append(script);
  });
}

const literal = ([lat, lng]) => ({ lat, lng });

/** Put an element on the map at a position. */
function overlay(maps, element, place) {
  const layer = new maps.OverlayView();
  layer.onAdd = () => {
    layer.getPanes().overlayMouseTarget.append(element);
    maps.OverlayView.preventMapHitsAndGesturesFrom(element);
  };
  layer.draw = () => {
    const { x, y } = layer.getProjection().fromLatLngToDivPixel(new maps.LatLng(...place));
    Object.assign(element.style, { position: "absolute", left: `${x}px`, top: `${y}px` });
  };
  layer.onRemove = () => element.remove();
  return layer;
}

export async function load(stage, { google: key, middle }, giveUp) {
  await loadGoogle(key, giveUp);
  const { maps } = window.google;
  const [lat, lng] = middle.split(",").map(Number);
  const map = new maps.Map(stage, { center: { lat, lng }, zoom: 12, maxZoom: 19, streetViewControl: false });
  const info = new maps.InfoWindow({ minWidth: CARD, pixelOffset: new maps.Size(0, -PIN / 2) });
  let pins = [];
  const around = (places) => {
    const bounds = new maps.LatLngBounds();
    for (const place of places) bounds.extend(literal(place));
    return bounds;
  };
  let onClosed = () => {};
  info.addListener("closeclick", () => onClosed());
  stage.addEventListener("keydown", ({ key: pressed }) => {
    if (pressed !== "Escape") return;
    info.close();
    onClosed();
  });
  return {
    areThere: new Promise((resolve) => maps.event.addListenerOnce(map, "tilesloaded", resolve)),
    pixel([latitude, longitude]) {
      const sine = Math.sin((latitude * Math.PI) / 180);
      const scale = TILE * 2 ** map.getZoom();
      return { x: (longitude / 360) * scale, y: (-Math.atanh(sine) / (2 * Math.PI)) * scale };
    },
    clear() {
      for (const one of pins) one.setMap(null);
      pins = [];
    },
    show(places) {
      if (places.length === 1) map.setCenter(literal(places[0]));
      else map.fitBounds(around(places), CONTROLS);
    },
    onZoom: (act) => map.addListener("zoom_changed", act),
    onClick: (act) => map.addListener("click", ({ latLng }) => act([latLng.lat(), latLng.lng()])),
    outline(zone, isAllowed) {
      const style = getComputedStyle(document.documentElement);
      const color = style.getPropertyValue(isAllowed ? "--bs-success" : "--bs-danger");
      for (const feature of map.data.addGeoJson(zone))
        map.data.overrideStyle(feature, { clickable: false, fillColor: color, fillOpacity: 0.15, strokeColor: color, strokeWeight: 2 });
    },
    put(element, place) {
      const layer = overlay(maps, element, place);
      layer.setMap(map);
      pins.push(layer);
    },
    comeNearer(places) {
      if (map.getZoom() >= CLOSE_ENOUGH) return false;
      map.fitBounds(around(places), CONTROLS);
      return true;
    },
    open(content, place, onClose) {
      onClosed = onClose;
      info.setContent(content);
      info.setPosition(literal(place));
      info.open({ map });
    },
  };
}
