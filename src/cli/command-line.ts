/** The command as it was typed, without the interpreter's path: results name it, so that they can be repeated. */
export const commandLine = (): readonly string[] => ['muster', ...process.argv.slice(2)];
