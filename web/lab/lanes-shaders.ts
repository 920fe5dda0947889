// The shaders whose lanes share loads. Software adapters run them, GPUs only where one is chosen. While the page is served
// from its sources, they are with all others; a build puts them here, so that most visitors don't load them
// (web/serving/engine.ts).
import "../../src/browser.ts";
