// Limits of connections, and what each is for.

/** Bytes of a chunk: a message that is larger goes in several, so that what is urgent goes between them. */
export const CHUNK_BYTES: number = 64 * 1024
/** Small frames are put together in memory of so many bytes: the first of a connection, and the most; each has twice as many. */
export const FIRST_BATCH_BYTES: number = 8 * 1024
export const BATCH_BYTES: number = 64 * 1024
/** Room that there is for a small frame. */
export const ROOM_BYTES: number = 4 * 1024
/** A control frame goes in one chunk, which may be larger. What a peer announces costs no more memory than this. */
export const MOST_CHUNK_BYTES: number = 2 * 1024 * 1024
/** A HELLO. */
export const MOST_HELLO_BYTES = 2048
/** Given to a socket that it has not written yet: the rest waits here, where what is urgent overtakes it. */
export const AHEAD_BYTES: number = 256 * 1024
/** Queued for a peer, from which on its senders are to wait, and from which on they go on. */
export const HIGH_BYTES: number = 4 * 1024 * 1024
export const LOW_BYTES: number = 1024 * 1024
/** From the connection to the HELLO of the other side. */
export const HANDSHAKE_MS = 5000
/** Connections of others that have not said who they are, in all and from one address; the oldest ends for a new one. */
export const MOST_HALF_OPEN = 64
export const MOST_HALF_OPEN_EACH = 16
/** Nothing has come for so long: the other side is asked. So long again, thrice: the connection is lost. */
export const QUIET_MS = 5000
/** Another connection of the same node shows that this one may be dead: it has so long to show that it is not. */
export const PROVE_MS = 1000
/** A connection that nobody has used for so long is closed. */
export const IDLE_MS = 60_000
/** Between attempts to connect: the first, and the most; each takes twice as long. */
export const AGAIN_MS = 100
export const MOST_AGAIN_MS = 10_000
/** What was sent has so long to go out when this node ends. */
export const CLOSING_MS = 1000
