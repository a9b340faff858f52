// Rapport's service worker. Serve it from your shop's own origin:
//   importScripts("https://<rapport>/push/worker.js")
self.addEventListener("push", (event) => {
  const message = event.data ? event.data.json() : {};
  event.waitUntil(Promise.all([
    self.registration.showNotification(message.title || "", {
      body: message.body, icon: message.icon, tag: message.tag, data: message,
      actions: (message.actions || []).map((a) => ({ action: a.id, title: a.title })),
    }),
    tell(message, "shown"),
  ]));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const message = event.notification.data || {};
  const action = (message.actions || []).find((a) => a.id === event.action);
  const url = (action && action.url) || message.url;
  event.waitUntil(Promise.all([
    tell(message, "clicked", url),
    url ? self.clients.openWindow(url) : undefined,
  ]));
});

function tell(message, kind, url) {
  if (!message.reports || !message.token) return undefined;
  return fetch(message.reports, {
    method: "POST", mode: "cors", credentials: "omit", keepalive: true,
    headers: { "Content-Type": "text/plain" },
    body: JSON.stringify({ token: message.token, kind, url }),
  }).catch(() => undefined);
}
