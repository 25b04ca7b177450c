"""An accepted model on new rows: prediction, set, reasons, and a flag where a row is unlike what was seen."""
