// Where the net thread begins: the layer above says so, since it is what runs there.

let boot: URL | undefined

/** Of the cluster layer. */
export function setNetBoot(url: URL): void {
  boot = url
}

export function netBoot(): URL {
  return boot as URL
}
