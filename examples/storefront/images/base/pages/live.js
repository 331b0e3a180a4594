// Keeps the jars left on the page true while it is open. The page is complete without it.
const shown = new Map([...document.querySelectorAll("[data-stock]")].map((e) => [e.dataset.stock, e]));

function listen(waitMs) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.onopen = () => { waitMs = 500; };
  socket.onmessage = (event) => {
    const tick = JSON.parse(event.data);
    const place = shown.get(tick.product);
    if (place) place.textContent = tick.stock;
  };
  socket.onclose = () => setTimeout(() => listen(Math.min(waitMs * 2, 10000)), waitMs);
}

if (shown.size > 0) listen(500);
