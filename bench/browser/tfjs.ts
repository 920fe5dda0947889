// TensorFlow.js as a contestant in a page. It opens the browser's adapter itself.
import { openAdapter } from "../../src/browser.ts";
import { create, createKernel } from "../peers/tfjs.mjs";
import { offer } from "./offer.ts";

offer(async (options) => {
  const { name } = await openAdapter();
  return { adapter: name, builders: { create: () => create(options), createKernel } };
});
