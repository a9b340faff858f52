// Rapport's part of a shop's page: it asks for permission when a button is
// pressed, and never before, and tells Rapport of the subscription.
(() => {
  const rapport = "{{base}}";
  const given = document.currentScript.dataset;
  const button = given.button && document.querySelector(given.button);
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

  // Who the visitor is: the id that the shop's other scripts use, or one of our own.
  function visitor() {
    const known = localStorage.getItem("ajs_anonymous_id") || localStorage.getItem("rapport_anonymous_id");
    const id = (known || crypto.randomUUID()).replace(/^"|"$/g, "");
    if (!known) localStorage.setItem("rapport_anonymous_id", id);
    return id;
  }

  function tell(path, body) {
    return fetch(rapport + path, {
      method: "POST", mode: "cors", credentials: "omit", headers: { "Content-Type": "text/plain" }, body: JSON.stringify(body),
    }).then((answer) => {
      if (!answer.ok) throw new Error("Rapport answered " + answer.status);
    });
  }

  async function registration() {
    await navigator.serviceWorker.register(given.worker || "/rapport-worker.js");
    return navigator.serviceWorker.ready;
  }

  // What somebody agreed to is said again on the next page of this visit where
  // Rapport has not heard it; of nobody else, and not another day, when they may
  // have said no by other ways.
  const wish = "rapport_push_topic:" + (given.user || "");

  // Whether this browser subscribed here and its owner has not taken it back:
  // permission tells neither, since it may be given to others and outlives both.
  const agreed = "rapport_push_subscribed";

  async function keep(subscription) {
    localStorage.setItem(agreed, "yes");
    const topic = sessionStorage.getItem(wish) || undefined;
    await tell("/push/subscriptions", {
      anonymousId: visitor(), userId: given.user, identity: given.identity, topic, subscription: subscription.toJSON(),
    });
    sessionStorage.removeItem(wish);
  }

  async function make(at) {
    return at.pushManager.subscribe({
      userVisibleOnly: true, applicationServerKey: await (await fetch(rapport + "/push/key")).text(),
    });
  }

  // Call it from a click: browsers let nobody ask unasked.
  async function subscribe() {
    if (!able) return "unable";
    if ((await Notification.requestPermission()) !== "granted") return Notification.permission;
    const at = await registration();
    const subscription = await at.pushManager.getSubscription() || await make(at);
    if (given.topic) sessionStorage.setItem(wish, given.topic);
    await keep(subscription);
    return "granted";
  }

  async function unsubscribe() {
    sessionStorage.removeItem(wish);
    localStorage.removeItem(agreed);
    const at = able && await navigator.serviceWorker.getRegistration();
    const subscription = at && await at.pushManager.getSubscription();
    if (!subscription) return;
    await tell("/push/unsubscriptions", { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
    offer();
  }

  // On every visit a browser that is subscribed says so again: it may be another
  // customer's by now, or Rapport may have lost sight of it. A subscription that the
  // push service gave up is renewed; one that its owner took back is only offered.
  async function refresh() {
    if (!able || Notification.permission !== "granted") return;
    const at = await registration();
    let subscription = await at.pushManager.getSubscription();
    if (!subscription && localStorage.getItem(agreed)) subscription = await make(at).catch(() => null);
    if (subscription) return keep(subscription);
    offer();
  }

  function offer() {
    if (button) button.hidden = Notification.permission === "denied";
  }

  window.rapportPush = { able, subscribe, unsubscribe };
  if (button && able) {
    button.hidden = Notification.permission !== "default";
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        button.hidden = (await subscribe()) !== "default";
      } finally {
        button.disabled = false;
      }
    });
  }
  refresh().catch(() => undefined);
})();
