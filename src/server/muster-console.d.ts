/** The files of the console, built from src/console (bundle.mjs) into the bundle. */
declare module 'muster:console' {
  /** `/` (the page) first, then what it loads, `/assets/NAME-HASH.js` and others, which never change. */
  const files: readonly {
    readonly path: string;
    /** The value of Content-Type. */
    readonly type: string;
    /** The content, compressed with gzip, in base64. */
    readonly gzip: string;
  }[];
  export default files;
}
