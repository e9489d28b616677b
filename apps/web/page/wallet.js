/** Wallets that announce themselves (EIP-6963): only the address of the account that their owner picks is asked for. */

/** @param {(wallet: {info: {name: string, uuid: string}, provider: {request(call: object): Promise<unknown>}}) => void} onWallet */
export function discover(onWallet) {
  const seen = new Set();
  const announced = ({ detail }) => {
    if (typeof detail?.info?.name !== "string" || typeof detail.provider?.request !== "function" || seen.has(detail.info.uuid)) return;
    seen.add(detail.info.uuid);
    onWallet(detail);
  };
  window.addEventListener("eip6963:announceProvider", announced);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => window.removeEventListener("eip6963:announceProvider", announced);
}

/** The first address of the wallet, in lower case. */
export async function addressOf({ provider }) {
  const accounts = await provider.request({ method: "eth_requestAccounts" });
  const [address] = Array.isArray(accounts) ? accounts : [];
  if (typeof address !== "string" || !/^0x[0-9a-f]{40}$/i.test(address)) throw new Error("the wallet gave no address");
  return address.toLowerCase();
}
