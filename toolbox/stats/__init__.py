"""Statistics of scored rows and of samples; rows may depend on each other in groups.

Of one set of scores:

- `bounds`: one-sided confidence bounds of a metric on untouched rows (Clopper-Pearson, Hoeffding, …)
- `auc`: area under the ROC curve, its variance and its bounds (DeLong, Obuchowski, Newcombe)
- `weighted_metrics`: metrics of rows with weights, as a bootstrap needs them
- `weighted_bounds`: bounds of metrics of rows with weights; background rejection and significance (AMS)
- `curves`: calibration with Wilson intervals, ROC, net benefit
- `bounded_means`: bounds of the mean of bounded losses that hold for every distribution (betting)
- `influence`: bounds of smooth statistics from each row's influence
- `multiclass`, `ordinal`, `regression`, `average_precision`: metrics of classes, levels, numbers, rare rows
- `survival`, `survival_metrics`, `survival_bounds`, `survival_curves`: times to an event, some censored
- `groups`: sums over groups, and how many independent rows they are worth (Kish)

Of two:

- `controls`: paired tests of a candidate against its null control (DeLong, McNemar, sign flips)
- `samples`: two samples of costs (precedence test, Mann and Whitney), and the mean of a tail

Of rows, before and after a model:

- `splits`: parts and folds by class and group, or forward in time
- `bootstrap`: replicates of out-of-fold predictions, whole groups at a time
- `calibration_map`: from log-odds to probabilities (Platt, beta calibration)
- `conformal`, `conformal_intervals`, `survival_conformal`: sets of classes, intervals of numbers, times that
  are outlasted, and the coverage that calibration rows can promise
"""
