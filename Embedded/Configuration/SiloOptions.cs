namespace Orleans.Configuration;

/// <summary>Names a silo.</summary>
public class SiloOptions
{
    /// <summary>The name. Null: Silo_ and five hexadecimal digits.</summary>
    public string? SiloName { get; set; }
}
