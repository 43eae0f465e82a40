// Bytes from a peer that no node of this version would send.

export class WireError extends Error {}
