/** Keeps the page for when there is no network: its own files, of one build. The module and the keys keep themselves. */

const CACHE = `zkdkim-page-${"VERSION"}`;
const FILES = ["FILES"].map((file) => new URL(file, self.registration.scope).href);
/** What the host may replace without another build: kept for when there is no network, and asked for when there is. */
const CHANGING = ["registry.json", "site.json"].map((file) => new URL(file, self.registration.scope).href);

self.addEventListener("install", (event) => {
  const all = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map((url) => new Request(url, { cache: "reload" })));
    await self.skipWaiting();
  };
  event.waitUntil(all());
});

self.addEventListener("activate", (event) => {
  const others = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("zkdkim-page-") && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(others());
});

self.addEventListener("fetch", (event) => {
  const url = event.request.url.split(/[?#]/)[0];
  if (event.request.method !== "GET" || !FILES.includes(url)) return;
  const answer = async () => {
    const cache = await caches.open(CACHE);
    const fresh = CHANGING.includes(url) ? await fetch(event.request).catch(() => undefined) : undefined;
    if (fresh?.ok) {
      await cache.put(url, fresh.clone());
      return fresh;
    }
    return (await cache.match(url)) ?? fresh ?? fetch(event.request);
  };
  event.respondWith(answer());
});
