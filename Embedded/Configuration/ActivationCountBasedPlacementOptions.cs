namespace Orleans.Configuration;

/// <summary>How placement by activation count chooses.</summary>
public class ActivationCountBasedPlacementOptions
{
    /// <summary>Among how many random silos the one with fewest activations is taken. Default: 2.</summary>
    public int ChooseOutOf { get; set; } = 2;
}
