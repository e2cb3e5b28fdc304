namespace Dpark.Rdds.Sources;

/// <summary>Limits of the runtime that text meets.</summary>
internal static class TextLimits
{
    /// <summary>Characters of the longest string.</summary>
    public const int MostCharacters = 0x3FFFFFDF;
}
