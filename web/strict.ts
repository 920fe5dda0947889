// Import this file first: the page's policy forbids code from strings, and zod would try whether it may.
import { config } from "zod";

config({ jitless: true });
