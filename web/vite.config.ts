// For `npx vite build web`: the page as static files in dist/web, the images beside it.
import type { UserConfig } from "vite";
import { webConfig } from "./server.ts";

const config: UserConfig = webConfig();

export default config;
