import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);
const library = (file: string) => readFileSync(resolve(`uplot/dist/${file}`), 'utf8');

/** uPlot (MIT), inlined so that the report opens offline. In the bundle, build.mjs replaces this file by the text. */
export const UPLOT_CSS = library('uPlot.min.css');
export const UPLOT_JS = library('uPlot.iife.min.js');
