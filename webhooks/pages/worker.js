// Rapport's service worker. Your shop serves a file of its own that loads it:
//   importScripts("https://<rapport>/push/worker.js");
(() => {
  const rapport = "{{base}}";
  const bookmark = new Request("/.rapport-subscription");

  self.addEventListener("push", (event) => {
    let message = {};
    try {
      message = event.data ? event.data.json() : {};
    } catch {
      return; // nothing of ours
    }
    event.waitUntil(show(message));
  });

  async function show(message) {
    await self.registration.showNotification(message.title || "", {
      body: message.body, icon: message.icon, image: message.image, badge: message.badge,
      tag: message.tag, requireInteraction: Boolean(message.require_interaction), data: message,
      actions: (message.actions || []).map((a) => ({ action: a.id, title: a.title })),
    });
    await Promise.all([tell(message, "shown"), remember()]);
  }

  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    const message = event.notification.data || {};
    const action = (message.actions || []).find((a) => a.id === event.action);
    const url = (action && action.url) || message.url;
    event.waitUntil(Promise.all([tell(message, "clicked", url, event.action), go(url)]));
  });

  self.addEventListener("notificationclose", (event) => {
    event.waitUntil(Promise.resolve(tell(event.notification.data || {}, "closed")));
  });

  // A page that is open already comes to the front; else one is opened.
  async function go(url) {
    if (!url) return;
    const target = new URL(url, self.registration.scope).href;
    const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const tab = tabs.find((t) => t.url === target);
    await (tab ? tab.focus() : self.clients.openWindow(target));
  }

  // Browsers renew subscriptions by themselves. The new one takes the old one's
  // place, whose address is the proof that it was this browser's.
  self.addEventListener("pushsubscriptionchange", (event) => {
    event.waitUntil((async () => {
      const before = event.oldSubscription ? event.oldSubscription.endpoint : await remembered();
      const after = event.newSubscription || await self.registration.pushManager.subscribe({
        userVisibleOnly: true, applicationServerKey: await (await fetch(rapport + "/push/key")).text(),
      });
      await post("/push/subscriptions", { subscription: after.toJSON(), replaces: before });
      await remember();
    })());
  });

  async function remember() {
    const subscription = await self.registration.pushManager.getSubscription();
    if (!subscription) return;
    const cache = await caches.open("rapport-push");
    await cache.put(bookmark, new Response(subscription.endpoint));
  }

  async function remembered() {
    const kept = await (await caches.open("rapport-push")).match(bookmark);
    return kept ? kept.text() : undefined;
  }

  function tell(message, kind, url, action) {
    if (!message.reports || !message.token) return undefined;
    return send(message.reports, { token: message.token, kind, url, action: action || undefined });
  }

  function post(path, body) {
    return send(rapport + path, body);
  }

  function send(address, body) {
    return fetch(address, {
      method: "POST", mode: "cors", credentials: "omit", keepalive: true,
      headers: { "Content-Type": "text/plain" }, body: JSON.stringify(body),
    }).catch(() => undefined);
  }
})();
