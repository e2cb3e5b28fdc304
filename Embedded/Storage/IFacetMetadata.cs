namespace Orleans;

/// <summary>Marks attributes of constructor parameters that say what a grain gets there.</summary>
public interface IFacetMetadata
{
}
