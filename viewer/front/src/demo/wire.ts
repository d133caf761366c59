// The binary messages of /v1/live: a head of 16 bytes, little-endian, and what it describes.
//   0 kind (1: PCM, 2: a picture file)   4, 6 width and height, 0 but for raw pictures   8 seconds, float64

export const AUDIO = 1;
export const PICTURE = 2;
const HEAD = 16;

/** One message. `seconds`: on the session's clock, at the first sample or of the picture. */
export function packed(kind: number, seconds: number, body: ArrayBuffer): ArrayBuffer {
  const whole = new Uint8Array(HEAD + body.byteLength);
  whole[0] = kind;
  new DataView(whole.buffer).setFloat64(8, seconds, true);
  whole.set(new Uint8Array(body), HEAD);
  return whole.buffer;
}
